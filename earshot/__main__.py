"""`python -m earshot`: the same as the command `earshot`."""

from earshot.cli import main

if __name__ == "__main__":
    main()
