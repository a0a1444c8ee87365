"""Controls for tests: `/sandbox/…`, JSON in and out. `base.settings.Switches` describes the switches."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.pages.parts import parts

bp = Blueprint("control", __name__, url_prefix="/sandbox")


@bp.get("/health")
def health() -> ResponseReturnValue:
    with parts().store.reading() as tx:
        waiting = tx.sql("SELECT count(*) FROM delivery WHERE state = 'pending'").fetchone()[0]
    return {"status": "ok", "smtp_port": parts().mail.port, "undelivered_events": waiting}


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    return parts().switches.as_dict()


@bp.post("/settings")
def change_settings() -> ResponseReturnValue:
    wanted = request.get_json(silent=True)
    if not isinstance(wanted, dict):
        return {"error": "Send a JSON object of settings."}, 400
    try:
        parts().switches.change(wanted)
    except ValueError as problem:
        return {"error": str(problem)}, 400
    parts().clock.tick()
    return parts().switches.as_dict()


@bp.post("/settle")
def settle() -> ResponseReturnValue:
    return {"settled": parts().clock.settle()}


@bp.post("/deliver")
def deliver() -> ResponseReturnValue:
    return parts().courier.flush()


@bp.post("/reset")
def reset() -> ResponseReturnValue:
    # No event of before the reset may be delivered after it.
    with parts().courier.paused():
        parts().store.wipe()
        parts().switches.reset(parts().settings)
    return {"reset": True}
