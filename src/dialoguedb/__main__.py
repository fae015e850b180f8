"""`python -m dialoguedb` is the command `dialoguedb`."""

from dialoguedb.cli import main

if __name__ == "__main__":
    main(prog_name="dialoguedb")
