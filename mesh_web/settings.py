"""Every setting, read from the environment once. There are no others.

| variable | default | what |
|---|---|---|
| MESHWEB_HOME | .meshweb | state: database, store, broker, keys, logs |
| MESHWEB_PORT_OFFSET | 0 | added to every port (0 to 10000) |
| MESHWEB_RUNTIME_DIR | run in MESHWEB_HOME, or a short private path | Unix sockets |
| MESHWEB_BIND | 127.0.0.1 | where the servers listen |
| MESHWEB_DATABASE_URL | SQLite in MESHWEB_HOME | postgresql://user:password@host:port/name |
| MESHWEB_BROKER_URL | Unix socket of the embedded broker | redis://... |
| MESHWEB_STORE_URL | embedded store | http://user:password@host:port/database |
| MESHWEB_STORE_RESERVE | 536870912 | bytes of disk that the embedded store leaves free: with less, no telemetry is taken |
| MESHWEB_STORE_CLUSTER | none | the cluster of that ClickHouse whose shards and replicas hold the tables |
| MESHWEB_STORE_BACKUP_TO | none | where that ClickHouse keeps backups, in its words: Disk('backups', '{name}') |
| MESHWEB_KEEP_SPANS, _METRICS, _LOGS | 7d, 15d, 3d | how long each signal is kept: a number and s, m, h, d, w or y |
| MESHWEB_CONTROL_ADDRESS | 127.0.0.1:15010 | where proxies find ADS; several parted by commas |
| MESHWEB_SIGNING_ADDRESS | 127.0.0.1:15012 | where agents find certificate signing; several parted by commas |
| MESHWEB_COLLECTOR_ADDRESS | 127.0.0.1:4317 | where proxies send telemetry |
| MESHWEB_INGEST_TOKEN | none | what senders of telemetry show from other hosts; needed where they reach MESHWEB_BIND |
| MESHWEB_SECRET_KEY | made at first start | signs sessions, encrypts keys at rest |
| MESHWEB_ALLOWED_HOSTS | loopback names | comma separated; the names that browsers may use |
| MESHWEB_ALLOWED_ORIGINS | none | comma separated, as https://mesh.example: origins besides its own |
| MESHWEB_TRUST_DOMAIN | cluster.local | of every SPIFFE ID |
| MESHWEB_POD_NETWORK | 66, another with shifted ports | pods live in 127.<this>.x.y and the two networks after it |
| MESHWEB_NODE | local | how the agent names its host |
| MESHWEB_LOG_LEVEL | INFO | of every process |
| MESHWEB_TRACE_SAMPLING | 10 | percent of requests that are traced |
| MESHWEB_OWN_TELEMETRY | on | off: Meshweb's own traces, metrics and logs do not go to its own collector |
| MESHWEB_OWN_SAMPLING | 10 | percent of Meshweb's own reads and rounds that are traced; changes always are |
| MESHWEB_OTLP_ENDPOINT | none | where its own telemetry goes, too: http:// or https:// of an OTLP/HTTP endpoint |
| MESHWEB_OTLP_HEADERS, _CA, _CERTIFICATE | none | name=value, comma separated; PEM files: whom to trust, what to show (with its key) |
| MESHWEB_JAEGER_ENDPOINT | none | a Jaeger for its own traces: http(s)://[user:password@]host:14268/api/traces or udp://host:6831 (needs meshweb[jaeger]) |
| MESHWEB_QUERY_MAX_SAMPLES | 20000000 | what one PromQL query may load (16 bytes each) |
| MESHWEB_SCRAPE_CONFIG | scrape.yaml in MESHWEB_HOME | what is scraped: a file with scrape_configs, as Prometheus reads it; looked at every 2 s |
| MESHWEB_SCRAPE_HOSTS | loopback | whom that file may name: loopback, addresses, networks, names, *.example.com, *; comma separated |
| MESHWEB_SCRAPE_OWN | web, control, collector of this host | our own processes that are scraped, name=host:port, comma separated |
| MESHWEB_QUOTA_SERIES | 50000 | series that a namespace may have at a time (0: any number) |
| MESHWEB_QUOTA_BYTES | 16777216 | bytes a second that a namespace may send, averaged over ten (0: any number) |
| MESHWEB_RULE_FILES | rules/*.yaml in MESHWEB_HOME | recording and alerting rules in Prometheus's YAML, a glob |
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from telemetry.own.config import read as own_telemetry

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("MESHWEB_HOME", ".meshweb")).resolve()
PORT_OFFSET = int(os.environ.get("MESHWEB_PORT_OFFSET", "0"))
BIND = os.environ.get("MESHWEB_BIND", "127.0.0.1")
PROBE_HOST = "127.0.0.1" if BIND in ("", "0.0.0.0", "::") else BIND  # noqa: S104  it is compared
"""Where the supervisor asks whether what listens on BIND is ready."""


def port(number: int) -> int:
    """A well-known port in this copy of Meshweb."""
    return number + PORT_OFFSET


SHORT_ENOUGH_FOR_SOCKETS = 50


def _runtime_directory() -> Path:
    """Where Unix sockets live: in MESHWEB_HOME, unless that path is long (their limit is 107 bytes)."""
    beside = HOME / "run"
    if len(str(beside)) <= SHORT_ENOUGH_FOR_SOCKETS:
        return beside
    digest = hashlib.sha256(str(HOME).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"meshweb-{os.getuid()}-{digest}"


RUNTIME_DIR = Path(os.environ.get("MESHWEB_RUNTIME_DIR", "") or _runtime_directory())

HTTP_PORT = port(8000)
ADS_PORT = port(15010)
SIGNING_PORT = port(15012)
CONTROL_METRICS_PORT = port(15014)
OTLP_GRPC_PORT = port(4317)
OTLP_HTTP_PORT = port(4318)
ZIPKIN_PORT = port(9411)
JAEGER_PORT = port(14268)
JAEGER_AGENT_PORT = port(6831)
STORE_PORT = port(8123)

CONTROL_ADDRESS = os.environ.get("MESHWEB_CONTROL_ADDRESS", f"127.0.0.1:{ADS_PORT}")
SIGNING_ADDRESS = os.environ.get("MESHWEB_SIGNING_ADDRESS", f"127.0.0.1:{SIGNING_PORT}")
COLLECTOR_ADDRESS = os.environ.get("MESHWEB_COLLECTOR_ADDRESS", f"127.0.0.1:{OTLP_GRPC_PORT}")
INGEST_TOKEN = os.environ.get("MESHWEB_INGEST_TOKEN", "")
TRUST_DOMAIN = os.environ.get("MESHWEB_TRUST_DOMAIN", "cluster.local")
TRACE_SAMPLING_PERCENT = float(os.environ.get("MESHWEB_TRACE_SAMPLING", "10"))
QUERY_MAX_SAMPLES = int(os.environ.get("MESHWEB_QUERY_MAX_SAMPLES", "20000000"))
RULE_FILES = os.environ.get("MESHWEB_RULE_FILES", str(HOME / "rules" / "*.yaml"))

SCRAPE_CONFIG = os.environ.get("MESHWEB_SCRAPE_CONFIG", str(HOME / "scrape.yaml"))
SCRAPE_HOSTS = os.environ.get("MESHWEB_SCRAPE_HOSTS", "loopback")
SCRAPE_OWN = os.environ.get(
    "MESHWEB_SCRAPE_OWN",
    f"web=127.0.0.1:{HTTP_PORT},control=127.0.0.1:{CONTROL_METRICS_PORT},collector=127.0.0.1:{OTLP_HTTP_PORT}",
)
QUOTA_SERIES = int(os.environ.get("MESHWEB_QUOTA_SERIES", "50000"))
QUOTA_BYTES = int(os.environ.get("MESHWEB_QUOTA_BYTES", str(16 << 20)))

POD_NETWORK = int(
    os.environ.get(
        "MESHWEB_POD_NETWORK", 66 if PORT_OFFSET == 0 else 70 + 4 * (PORT_OFFSET * 7 % 46)
    )
)
"""Pods live in 127.POD_NETWORK.x.y, their applications in the next /16, their outbound
listeners in the one after: three loopback addresses a pod, no port ever shared."""

BROKER_URL = os.environ.get("MESHWEB_BROKER_URL", f"unix://{RUNTIME_DIR}/broker.sock")
STORE_URL = os.environ.get("MESHWEB_STORE_URL", "")
"""Empty: the embedded store at 127.0.0.1:STORE_PORT, its password in MESHWEB_HOME/store-password."""

STORE_RESERVE = int(os.environ.get("MESHWEB_STORE_RESERVE", str(512 << 20)))
STORE_CLUSTER = os.environ.get("MESHWEB_STORE_CLUSTER", "")
STORE_BACKUP_TO = os.environ.get("MESHWEB_STORE_BACKUP_TO", "")
KEEP = {
    signal: os.environ.get(f"MESHWEB_KEEP_{signal.upper()}", "")
    for signal in ("spans", "metrics", "logs")
}
"""Texts such as "7d"; telemetry.retention reads them."""


def _secret_key() -> str:
    given = os.environ.get("MESHWEB_SECRET_KEY")
    if given:
        return given
    kept = HOME / "secret-key"
    if not kept.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = os.urandom(48).hex()
        try:
            with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
                f.write(fresh)
        except FileExistsError:  # another process of the first start was quicker
            pass
    return kept.read_text().strip()


SECRET_KEY = _secret_key()
OWN_TELEMETRY = own_telemetry(
    os.environ,
    collector=COLLECTOR_ADDRESS,
    port_offset=PORT_OFFSET,
    token=INGEST_TOKEN,
    secret=SECRET_KEY,
)
"""Where Meshweb's processes send what they tell of themselves (telemetry.own.config)."""

DEBUG = False
ALLOWED_HOSTS = os.environ.get("MESHWEB_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

ALLOWED_ORIGINS = [
    one.strip().lower()
    for one in os.environ.get("MESHWEB_ALLOWED_ORIGINS", "").split(",")
    if one.strip()
]
"""Where pages may come from that write here or follow the live view, besides this server's own."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "telemetry",
    "metrics",
    "tracing",
    "topology",
    "routing",
    "proxy",
    "mesh_web",
]
MIDDLEWARE = [
    "mesh_web.measured.measured",
    "mesh_web.security.protect",
    "mesh_web.security.speak_json",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mesh_web.audit.middleware.audit",
]
ROOT_URLCONF = "mesh_web.urls"
WSGI_APPLICATION = "mesh_web.wsgi.application"
ASGI_APPLICATION = "mesh_web.asgi.application"
TEMPLATES: list[dict[str, object]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": False,
        "OPTIONS": {},
    }
]


def _database() -> dict[str, object]:
    url = os.environ.get("MESHWEB_DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "meshweb.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: deferred read-then-write transactions fail as locked under WAL
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "mesh_web" / "frontend" / "dist"
WHITENOISE_AUTOREFRESH = False
# cookies know no ports: copies of Meshweb and what it serves on other ports share a host's
SESSION_COOKIE_NAME = f"meshweb_session_{HTTP_PORT}"
CSRF_COOKIE_NAME = f"meshweb_csrf_{HTTP_PORT}"
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
]
CSRF_FAILURE_VIEW = "mesh_web.accounts.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000

CELERY_BROKER_URL = BROKER_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # a killed worker's task comes back after 10 s, not after an hour
    "visibility_timeout": 8,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"routing.tasks.*": {"queue": "revisions"}}
CELERY_BEAT_SCHEDULE = {
    "publish-stuck-revisions": {"task": "routing.tasks.publish_stuck_revisions", "schedule": 2.0},
    "put-back-expired": {
        "task": "routing.tasks.put_back_expired",
        "schedule": 2.0,
        "options": {"expires": 5},  # looks missed while no worker ran are of no use later
    },
    "evaluate-rules": {
        "task": "metrics.tasks.evaluate_rules",
        "schedule": 1.0,
        "options": {"expires": 3},
    },
}

TOKEN_CALLER = "mesh_web.accounts.selectors.caller_of_token"  # noqa: S105  a name, not a token
"""Who sends a bearer token to a process that is not the web; apps know no accounts."""

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("MESHWEB_LOG_LEVEL", "INFO")},
}
