"""The built-in venue: a real HTTP and WebSocket server on loopback, in a process of its own.

It is the other party: written from the venue contract, it shares no code with the agent. Only `launch` is meant
to be imported by the agent's side, and that loads the standard library alone.
"""
