"""When a file, or a run, is given up since workers die."""

# A shard whose worker died is done anew, file by file. Where that happens so often at a file, the file is given up;
# where it has nothing to do with a file, the run is.
MOST_DEATHS = 3


def gave_up(file: str, how: str = "") -> str:
    """The error of a file at which so many have died; `how` says of what, if that is known."""
    return f"'{file}' ended the process {MOST_DEATHS} times{how}."


def nobody_to_blame(how: str = "") -> str:
    """The error of a run whose workers died so often while they were at no file."""
    return (
        f"Worker processes died {MOST_DEATHS} times{how}, and no file is the reason; what is finished is kept: free "
        "memory, or take fewer --processes, and run the same command again."
    )
