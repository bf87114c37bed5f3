"""Why a file or folder could not be used, in our own words instead of the system's."""

import errno

_WORDS = {
    errno.ENOENT: "there is no such file or folder",
    errno.EACCES: "this account may not use it",
    errno.EPERM: "this account may not use it",
    errno.EEXIST: "it exists already",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOSPC: "its disk is full",
    errno.EDQUOT: "its disk is full",
    errno.EROFS: "its disk can only be read",
    errno.EMFILE: "too many files are open",
    errno.ENXIO: "nobody is at its other end",
}


def reason(error: Exception) -> str:
    """Return why; of an error of no system call, which a name with a NUL in it makes, that there is no such name."""
    if not isinstance(error, OSError):
        return "there can be no such name"
    known = _WORDS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()
