"""Settings, read once from the environment, and switches, which tests change while the sandbox runs."""

import os
import threading
import time
import zoneinfo
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

DESK_ZONE = zoneinfo.ZoneInfo("America/Toronto")


@dataclass(frozen=True)
class Settings:
    """Settings, fixed from start to end of the process.

    | environment variable     | meaning                                                   | default                               |
    |--------------------------|-----------------------------------------------------------|---------------------------------------|
    | `INSTANCE`               | folder of `sandbox.sqlite`, made if missing               | `instance`                            |
    | `SANDBOX_HOST`           | address to listen on                                      | `127.0.0.1`                           |
    | `SANDBOX_PORT`           | port of the web server; 0 takes a free one                | `8001`                                |
    | `SANDBOX_SMTP_PORT`      | port of the mail server; 0 takes a free one               | `8002`                                |
    | `SANDBOX_PUBLIC_URL`     | address that a browser uses, in the session's `url`       | `http://127.0.0.1:PORT`               |
    | `SANDBOX_WEBHOOK_URL`    | where events are posted                                   | `http://127.0.0.1:8000/stripe/webhook`|
    | `SANDBOX_WEBHOOK_SECRET` | signs events, the application's `STRIPE_WEBHOOK_SECRET`   | `whsec_sandbox`                       |
    | `SANDBOX_SECRET_KEY`     | the only API key accepted, its `STRIPE_SECRET_KEY`        | `sk_test_sandbox`                     |
    | `SANDBOX_DEBIT_DELAY`    | seconds until a bank debit succeeds or fails              | `20`                                  |
    | `SANDBOX_RETRY_SCHEDULE` | seconds to wait after each failed delivery of an event    | `1,2,4,8,15,30,60`                    |
    | `SANDBOX_TIME_ZONE`      | whose time its pages tell: the desk's, unless it moved    | `America/Toronto`                     |
    """

    instance: Path = Path("instance")
    host: str = "127.0.0.1"
    port: int = 8001
    smtp_port: int = 8002
    public_url: str = ""
    webhook_url: str = "http://127.0.0.1:8000/stripe/webhook"
    webhook_secret: str = "whsec_sandbox"  # noqa: S105 - a development secret, worth nothing elsewhere
    secret_key: str = "sk_test_sandbox"  # noqa: S105 - likewise
    debit_delay: float = 20.0
    retry_schedule: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60)
    time_zone: zoneinfo.ZoneInfo = DESK_ZONE

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the variables of the table above; ValueError names a variable that makes no sense, and says why."""
        given: dict[str, Any] = {}
        for each in fields(cls):
            name = "INSTANCE" if each.name == "instance" else f"SANDBOX_{each.name.upper()}"
            text = os.environ.get(name, "")
            if text:
                given[each.name] = _read(name, text, each.default)
        return cls(**given)


def _read(name: str, text: str, default: Any) -> Any:
    try:
        if isinstance(default, tuple):
            return tuple(float(part) for part in text.split(","))
        return type(default)(text) if not isinstance(default, Path) else Path(text)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        if isinstance(default, zoneinfo.ZoneInfo):
            raise ValueError(f"{name}: {text!r} is not a time zone") from None
        raise ValueError(f"{name}: {text!r} is not a number") from None


@dataclass
class Switches:
    """Switches, changed by `POST /sandbox/settings` and kept in memory only.

    * `fail_next`, `fail_after_next`: number of API calls to answer with 500, before or after the work is done; as at
      Stripe, the answer is kept under the call's idempotency key.
    * `lose_next`: number of API calls whose work is done and whose answer never arrives.
    * `limit_next`: number of API calls to answer with 429.
    * `lacks`: permissions that the key lacks, separated by commas, such as `rak_customer_write`.
    * `endpoint_events`: what the account's webhook endpoint is sent, separated by commas.
    * `delay_ms`: milliseconds that every API call waits.
    * `webhooks`: `on`, or `off` to deliver only when asked; `webhook_url`: where events are posted.
    * `smtp`: `up`, or `down` to answer every mail with 421.
    * `debit_delay`, `retry_schedule`: as in Settings, in seconds.
    * `clock_ahead`: seconds by which expiry and bank debits run ahead of the real clock.
    """

    fail_next: int = 0
    fail_after_next: int = 0
    lose_next: int = 0
    limit_next: int = 0
    lacks: str = ""
    endpoint_events: str = "*"
    delay_ms: int = 0
    webhooks: str = "on"
    webhook_url: str = ""
    smtp: str = "up"
    debit_delay: float = 20.0
    retry_schedule: tuple[float, ...] = ()
    clock_ahead: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Switches":
        """Return the switches of a fresh start."""
        return cls(
            webhook_url=settings.webhook_url,
            debit_delay=settings.debit_delay,
            retry_schedule=settings.retry_schedule,
        )

    def now(self) -> float:
        """Return the sandbox's time in seconds since 1970."""
        return time.time() + self.clock_ahead

    def take(self, counter: str) -> bool:
        """Count `fail_next` or another counter down by one; False when it was 0."""
        with self._lock:
            left = getattr(self, counter)
            if left > 0:
                setattr(self, counter, left - 1)
            return bool(left > 0)

    def change(self, wanted: dict[str, object]) -> None:
        """Set each named switch; ValueError, and no change, for an unknown name or a value that it cannot take."""
        checked = {name: self._checked(name, value) for name, value in wanted.items()}
        with self._lock:
            for name, value in checked.items():
                setattr(self, name, value)

    def _checked(self, name: str, value: object) -> object:
        if name not in self.as_dict():
            raise ValueError(f"There is no setting {name!r}.")
        words = {"webhooks": ("on", "off"), "smtp": ("up", "down")}.get(name)
        if words and value not in words:
            raise ValueError(f"{name} is one of {', '.join(words)}.")
        if name == "retry_schedule":
            if not isinstance(value, list):
                raise ValueError("retry_schedule is a list of seconds.")
            return tuple(float(part) for part in value)
        numeric = isinstance(getattr(self, name), int | float)
        if numeric and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{name} is a number.")
        if not numeric and not isinstance(value, str):
            raise ValueError(f"{name} is a text.")
        return value

    def as_dict(self) -> dict[str, object]:
        """Return every switch by name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if not each.name.startswith("_")}

    def reset(self, settings: Settings) -> None:
        """Set every switch back to its value at start-up."""
        fresh = Switches.of(settings)
        with self._lock:
            for name, value in fresh.as_dict().items():
                setattr(self, name, value)
