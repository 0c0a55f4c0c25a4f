"""Verifiers: demands on a text that a program can check, found by name; files by theme.

The 25 kinds are those of IFEval (Zhou et al. 2023, Instruction-Following Evaluation for Large Language Models,
arXiv 2311.07911). The scorers `follows` and `ifeval` hold outputs against them.
"""
