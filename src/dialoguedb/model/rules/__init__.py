"""What the operations of a store decide, as pure functions that every engine calls.

A rule takes what is stored and what is asked, and returns what to write and to answer, or raises
the error. When several reasons refuse a request, a rule knows which of them counts.
"""
