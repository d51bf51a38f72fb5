"""What the fields of a message may be. Bytes throughout, so that every copy is exact, and so that
split() takes the six characters of ASCII for white space and no others."""
import re

LOCATION = re.compile(rb'([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)')
TIME = re.compile(rb'([+-]?)(\d{1,12})(?:\.(\d{1,9}))?')
DECIMAL = re.compile(rb'\d+(?:\.\d+)?')
WHOLE = re.compile(rb'\d{1,3}')
RADIUS_MAX, BOUND_MAX = 50, 20


def is_location(text):
    """ISO 6709 in decimal degrees: +34.068930-118.445127."""
    found = LOCATION.fullmatch(text)
    return found and abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180


def is_time(text):
    """POSIX time with up to nine decimals."""
    return TIME.fullmatch(text)


def is_radius(text):
    """In kilometres."""
    return DECIMAL.fullmatch(text) and float(text) <= RADIUS_MAX


def is_bound(text):
    """How many places are wanted at most."""
    return WHOLE.fullmatch(text) and int(text) <= BOUND_MAX


def nanoseconds(time):
    """Exact, which a float of a time of today is not."""
    sign, seconds, decimals = TIME.fullmatch(time).groups(b'')
    return int(sign + seconds + decimals.ljust(9, b'0'))


def skew(difference):
    """Nanoseconds as +0.263873386."""
    seconds, decimals = divmod(abs(difference), 1_000_000_000)
    return b'%c%d.%09d' % (b'-' if difference < 0 else b'+', seconds, decimals)
