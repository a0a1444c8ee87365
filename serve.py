"""What starts the web server: `python serve.py` runs gunicorn in its place once the settings are known to be right.

Gunicorn reads WEB_CONCURRENCY by itself before it reads any file of ours, and dies of an empty one with a traceback.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dotenv import load_dotenv

import config
import font
from config_types import ROOT


def main() -> int:
    """Become gunicorn; returns 1 when a setting is wrong, after saying which."""
    os.chdir(ROOT)
    try:
        load_dotenv(".env")
        settings = config.read()
    except config.SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f".env cannot be read: {error.strerror}. It has to be this user's own.", file=sys.stderr)
        return 1
    if not font.make():
        print("The font could not be made: the system's own fonts serve.", file=sys.stderr)
    for name in config.SERVER:
        os.environ[name] = str(getattr(settings, name))
    server = str(Path(sys.executable).with_name("gunicorn"))
    os.execv(server, [server])  # noqa: S606 - our own server, without a shell


if __name__ == "__main__":
    sys.exit(main())
