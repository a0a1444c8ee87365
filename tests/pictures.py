"""Real pictures, for tests of logos."""

from __future__ import annotations

import io

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 4), weight: int = 0, frames: int = 1) -> bytes:
    """A picture of `kind` (PNG, JPEG, WEBP, GIF); `weight` is how many bytes it is made to have, at least."""
    images = [Image.new("RGB", size, (31, 95 + 100 * frame, 191)) for frame in range(frames)]
    file = io.BytesIO()
    several = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(file, kind, **several)
    # What follows a picture's end is no part of it, and every reader skips it.
    return file.getvalue().ljust(weight, b"\0")


PNG = picture()
