"""`python -m unspool`: the command line where the command itself is on no path."""

from unspool.commands import main

if __name__ == "__main__":
    main()
