"""Every route of the API: what serves, what is documented and what is measured, in one table."""

from dialoguedb.http.route_endpoint import Route
from dialoguedb.http.routes import (
    checks,
    context,
    dialogues,
    documentation,
    erasures,
    keys,
    memories,
    messages,
    operations,
    projects,
    search,
    summaries,
    templates,
)
from dialoguedb.http.routes import state as states

ROUTES = [
    # The busiest first: paths are tried in this order.
    Route("POST", "/dialogue/{dialogueId}/messages", messages.create),
    Route("GET", "/dialogue/{dialogueId}/messages", messages.list_),
    Route("POST", "/dialogue/{dialogueId}/message", messages.create),
    Route("POST", "/message", messages.create),
    Route("POST", "/messages", messages.create),
    Route("GET", "/messages", messages.list_),
    Route("POST", "/dialogue", dialogues.create),
    Route("GET", "/dialogue", dialogues.list_),
    Route("GET", "/dialogue/{dialogueId}", dialogues.get),
    Route("PUT", "/dialogue/{dialogueId}", dialogues.update),
    Route("DELETE", "/dialogue/{dialogueId}", dialogues.delete),
    Route("PUT", "/dialogue", dialogues.update),
    Route("DELETE", "/dialogue", dialogues.delete),
    Route("GET", "/dialogue/{dialogueId}/state", states.get),
    Route("PUT", "/dialogue/{dialogueId}/state", states.update),
    Route("PATCH", "/dialogue/{dialogueId}/state", states.patch),
    *(
        Route(method, path, endpoint)
        for path in (
            "/message/{id}",
            "/messages/{id}",
            "/dialogue/{dialogueId}/message/{id}",
            "/dialogue/{dialogueId}/messages/{id}",
        )
        for method, endpoint in (
            ("GET", messages.get),
            ("PUT", messages.update),
            ("DELETE", messages.delete),
        )
    ),
    *(
        Route(method, "/message", messages.unnamed, documented=False)
        for method in ("GET", "PUT", "DELETE")
    ),
    Route("POST", "/memory", memories.create),
    Route("GET", "/memory", memories.list_),
    Route("GET", "/memory/{id}", memories.get),
    Route("PUT", "/memory/{id}", memories.update),
    Route("DELETE", "/memory/{id}", memories.delete),
    Route("GET", "/memory/{id}/history", memories.history),
    Route("POST", "/memory/{id}/history", memories.create_version),
    Route("POST", "/search", search.search),
    Route("GET", "/search", search.search_by_query),
    Route("POST", "/summary", summaries.create),
    Route("GET", "/summary", summaries.list_),
    Route("GET", "/summary/{id}", summaries.get),
    Route("DELETE", "/summary/{id}", summaries.delete),
    Route("GET", "/dialogue/{dialogueId}/context", context.get),
    Route("POST", "/dialogue/{dialogueId}/context", context.build),
    Route("GET", "/context/{id}", context.get_recorded),
    Route("GET", "/dialogue/{dialogueId}/check", checks.check),
    Route("GET", "/dialogue/{dialogueId}/repair", checks.repair),
    Route("POST", "/dialogue/{dialogueId}/compact", summaries.compact),
    Route("PUT", "/dialogue/{dialogueId}/compact", summaries.compact),
    Route("POST", "/admin/summary-templates", templates.create),
    Route("GET", "/admin/summary-templates", templates.list_),
    Route("GET", "/admin/summary-templates/{name}", templates.get),
    Route("PUT", "/admin/summary-templates/{name}", templates.update),
    Route("DELETE", "/admin/summary-templates/{name}", templates.delete),
    Route("GET", "/admin/settings", projects.get_settings),
    Route("PUT", "/admin/settings", projects.update_settings),
    Route("GET", "/admin/usage", projects.get_usage),
    Route("POST", "/admin/keys", keys.create),
    Route("GET", "/admin/keys", keys.list_),
    Route("GET", "/admin/keys/{id}", keys.get),
    Route("DELETE", "/admin/keys/{id}", keys.delete),
    Route("POST", "/admin/erasures", erasures.create),
    Route("GET", "/admin/erasures/key", erasures.get_key),
    Route("POST", "/admin/projects", projects.create),
    Route("GET", "/admin/projects", projects.list_),
    Route("GET", "/admin/projects/{id}", projects.get),
    Route("DELETE", "/admin/projects/{id}", projects.delete),
    Route("GET", "/health", operations.health),
    Route("GET", "/ready", operations.ready),
    Route("GET", "/metrics", operations.metrics),
    Route("GET", "/openapi.json", documentation.openapi),
    Route("GET", "/docs", documentation.page),
    Route("GET", "/docs/{asset}", documentation.asset, documented=False),
    # Last, for it would take every third segment.
    Route("POST", "/dialogue/{dialogueId}/{action}", dialogues.change_status),
    Route("PUT", "/dialogue/{dialogueId}/{action}", dialogues.change_status),
]
