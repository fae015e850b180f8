"""Validation errors of a request, collected so that one response lists them all."""

from msgspec import Struct

from dialoguedb.errors import ErrorDetail, InvalidRequest
from dialoguedb.values import limits

MISSING_PARAMETER = "MISSING_PARAMETER"
INVALID_PARAMETER = "INVALID_PARAMETER"


class ValidationErrors(Struct):
    """The errors found so far; `raise_if_any` raises them as one `InvalidRequest`."""

    found: list[tuple[str, ErrorDetail]] = []
    """The code of each error, and its detail."""

    @property
    def full(self) -> bool:
        """Whether the list is as long as a response may be."""
        return len(self.found) >= limits.VALIDATION_ERRORS_MAX

    def missing(self, field: str, message: str = "") -> None:
        """Note that a required field is absent."""
        self._append(
            MISSING_PARAMETER, ErrorDetail(field, "REQUIRED", message or f"{field} is required")
        )

    def invalid(self, field: str, message: str, code: str = INVALID_PARAMETER) -> None:
        """Note that a field's value is not allowed."""
        self._append(code, ErrorDetail(field, "INVALID", message))

    def too_large(self, field: str, message: str, code: str = INVALID_PARAMETER) -> None:
        """Note that a field is over its limit."""
        self._append(code, ErrorDetail(field, "TOO_LARGE", message))

    def unknown(self, field: str, message: str) -> None:
        """Note a name that does not exist where names are checked."""
        self._append(INVALID_PARAMETER, ErrorDetail(field, "UNKNOWN", message))

    def raise_if_any(self) -> None:
        """Raise `InvalidRequest` when anything was found, with the code that all errors share."""
        error = self.error()
        if error is not None:
            raise error

    def error(self) -> InvalidRequest | None:
        """Return the `InvalidRequest` for what was found; None when nothing was."""
        if not self.found:
            return None
        codes = {code for code, _ in self.found}
        details = [detail for _, detail in self.found]
        message = details[0].message
        if len(details) > 1:
            message += f" (and {len(details) - 1} more, see details)"
        return InvalidRequest(message, details, codes.pop() if len(codes) == 1 else None)

    def _append(self, code: str, detail: ErrorDetail) -> None:
        if not self.full:
            self.found.append((code, detail))


def invalid_request(field: str, message: str, code: str = INVALID_PARAMETER) -> InvalidRequest:
    """Return the error for a request with one invalid field."""
    kind = "REQUIRED" if code == MISSING_PARAMETER else "INVALID"
    return InvalidRequest(message, [ErrorDetail(field, kind, message)], code)
