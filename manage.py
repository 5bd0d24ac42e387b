#!/usr/bin/env python3
"""Django's command line; every long-running process of Meshweb is a command of it."""

from mesh_web.command_line import main

if __name__ == "__main__":
    main()
