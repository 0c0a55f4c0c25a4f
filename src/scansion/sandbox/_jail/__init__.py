"""What runs inside of the sandbox `process`, beside the code that nobody has read.

    warden    started by the host with the interpreter alone: enters namespaces of its own, builds a root of its own,
              loads the packages, and forks a keeper for each run
    keeper    one a run: forks the inmate into a process namespace of its own, watches what it takes, and reports
    inmate    process 1 of its namespace: gives up all it could do with, then runs the code

Standard library only, and only relative imports: the warden loads this folder by itself, without Scansion.
"""
