"""How wide text is in the system's own fonts, about: browsers have many, and the server has none of them."""

PLAIN, SMALL = 12.0, 10.5  # sizes of letters in pixels

# Thousandths of the size, rounded up from what common sans serif fonts have.
_CLASSES = (
    ("ijl|'.,:;!I", 300),
    ('frt()[]{}/\\- `"', 390),
    ("Jcksvxyz_*^", 560),
    ("abdeghnopqu0123456789?$#+<>=~LFETZ", 620),
    ("ABKPSVXYCDRNUH&", 720),
    ("GOQwM×", 810),
    ("mW%@", 960),
)
_WIDTHS = {letter: width for letters, width in _CLASSES for letter in letters}
_OTHER, _WIDE = 640, 1_050  # of other alphabets; of full-width ones


def text_width(text: str, size: float = PLAIN) -> float:
    """Return how many pixels a text takes."""
    return sum(_WIDTHS.get(letter) or (_WIDE if ord(letter) > 0x2E7F else _OTHER) for letter in text) * size / 1_000


def shortened(text: str, room: float, size: float = PLAIN) -> str:
    """Return a text that fits into `room` pixels: of a long one both ends, since what tells names apart stands last."""
    text = " ".join(text[:4_000].split())
    if text_width(text, size) <= room:
        return text
    left = room - text_width("…", size)
    head, tail = "", ""
    for at in range(len(text)):
        grown_head, grown_tail = text[: at // 2 + 1], text[len(text) - (at + 1) // 2 :] if at else ""
        if text_width(grown_head + grown_tail, size) > left:
            break
        head, tail = grown_head, grown_tail
    return f"{head.rstrip()}…{tail.lstrip()}"
