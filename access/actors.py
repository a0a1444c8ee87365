"""Who acts: a signed-in person, or the system itself."""

from __future__ import annotations

import dataclasses

from flask import request
from flask_login import current_user

from models import ActorKind, User


@dataclasses.dataclass(frozen=True)
class Actor:
    """Who asks a verb to act. `user_id` None is the system itself; `address` is the IP address of the request."""

    user_id: int | None = None
    company_id: int | None = None
    is_staff: bool = False
    address: str | None = None

    @property
    def kind(self) -> ActorKind:
        """What pages and mails call them by: whoever is not the company's own has no name there."""
        if self.user_id is None:
            return ActorKind.SYSTEM
        return ActorKind.STAFF if self.is_staff else ActorKind.PERSON

    @classmethod
    def of(cls, user: User, address: str | None = None) -> Actor:
        """`user` as an actor, from the IP address `address`."""
        return cls(user.id, user.company_id, user.is_staff, address)


SYSTEM = Actor()


def current_actor() -> Actor:
    """The signed-in person as an actor, with the request's address."""
    return Actor.of(current_user, request.remote_addr)
