"""What a hostile party, a stranger, the store or the clock can do to others: each attack as a program with figures.

``PYTHONPATH=tests python -m abuse C1 H3`` runs some, without names all, against real processes. Each program has a
bound in size and seconds. Beside each an honest party files, an honest danger is put before a real desk, another
agreement of the same service files too, and ``/readyz`` is asked: before, during and after.
"""
