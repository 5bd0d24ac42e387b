"""What becomes of a request, and why: read from the very values that the proxies are served."""

from routing.explain.answer import Explanation
from routing.explain.question import Question
from routing.explain.source import Caller, Unclear, caller
from routing.explain.walk import MeshView, explain

__all__ = ["Caller", "Explanation", "MeshView", "Question", "Unclear", "caller", "explain"]
