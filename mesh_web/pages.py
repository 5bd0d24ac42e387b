"""The browser's page: one file for every path that its own router knows."""

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

NOT_BUILT = "The web pages are not built yet. Run `make setup`, then reload.\n"


@require_safe
def app_page(request: HttpRequest) -> HttpResponse | FileResponse:
    """The built index page; its assets are under /static/ and never change their content."""
    index = settings.STATIC_ROOT / "index.html"
    get_token(request)
    if not index.is_file():
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")
    page = HttpResponse(index.read_bytes(), content_type="text/html; charset=utf-8")
    page.headers["Cache-Control"] = "no-cache"
    return page
