"""What a request without a good CSRF token is told."""

from django.http import HttpRequest, JsonResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> JsonResponse:
    """The one error shape, also for Django's own refusals (settings.CSRF_FAILURE_VIEW)."""
    del request
    return JsonResponse(
        {"code": "csrf", "message": reason or "CSRF check failed.", "path": "", "findings": []},
        status=403,
    )
