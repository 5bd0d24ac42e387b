"""Headers of every answer, and the one error shape for what never reaches a view."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from rest.errors import error

# Scripts place the graph's nodes through the object model, which no policy forbids; style
# attributes and elements in the markup are.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def protect(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Say what a page may load, and keep API answers out of caches."""

    def protected(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return protected


MESSAGES = {
    400: "The request cannot be understood.",
    403: "This is not allowed.",
    404: "There is nothing here.",
    405: "This path does not know that method.",
    500: "This is a bug; it was logged.",
}


def speak_json(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Whatever Django itself refuses under /api/ answers as an `ErrorOut` too."""

    def spoken(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if not request.path.startswith("/api/") or is_json or response.status_code not in MESSAGES:
            return response
        status = response.status_code
        answer = JsonResponse(
            error(status, MESSAGES[status]).model_dump(mode="json"), status=status
        )
        if "Allow" in response.headers:
            answer.headers["Allow"] = response.headers["Allow"]
        return answer

    return spoken
