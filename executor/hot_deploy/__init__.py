"""The engine's side of a deployment: single steps, no policy.

These modules are streamed to the engine's own interpreter as one program and are gone when the conversation ends.
Standard library only, CPython 3.8 or newer, Linux.
"""
