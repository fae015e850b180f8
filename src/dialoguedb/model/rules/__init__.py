"""What the operations of a store decide, as pure functions that every engine calls.

A rule takes stored rows and a request; it returns the plan of a write with its result, or raises
the error. When several reasons refuse a request, the rule decides which of them counts.
"""
