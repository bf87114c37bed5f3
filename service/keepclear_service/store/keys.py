"""The keys of a line. All carry the agreement's id as their hash tag, so that a cluster keeps a line on one shard.

meta            schema, epoch, head, clock, terms, longer, and for each party the head of its stream
log             everything accepted, in its one order
gists           what siblings need of the newest entries, by their seq, each sealed
unmatched due   entries whose alerts are not committed yet; ends of overlaps that will become entries
ended           which of these have become entries
terms[:SHA256]  all terms that ever were in force by their seq; an agreement's bytes
body:SHA256     a statement's bytes
alerts          alerts' bytes by their SHA-256; shown: how many newest alerts show a statement
answers         the acknowledgements of each conflict's newest version, by hash
leaving         what is to be let go of, and when
once:PARTY:JTI  the entry that a statement was admitted as
evidence:SHA256 the first other statement that came under a revision already taken
proof:PARTY:JTI request proofs that were used
stream own notices chain conflicts rank gone snapshot spent, each :PARTY
                events; notices by their end, as they stand, and each revision's hash; conflicts as they stand and
                by their rank; ids that ended for ever; what a start needs of each notice that counts, sealed; what it
                has spent of its budgets
"""


class Keys:
    """The names of an agreement's keys."""

    def __init__(self, agreement_id: str) -> None:
        self.prefix = f"kc:{{{agreement_id}}}:"
        self.meta = f"{self.prefix}meta"
        self.log = f"{self.prefix}log"
        self.unmatched = f"{self.prefix}unmatched"
        self.gists = f"{self.prefix}gists"
        self.due = f"{self.prefix}due"
        self.ended = f"{self.prefix}ended"
        self.terms = f"{self.prefix}terms"
        self.alerts = f"{self.prefix}alerts"
        self.shown = f"{self.prefix}shown"
        self.answers = f"{self.prefix}answers"
        self.leaving = f"{self.prefix}leaving"

    def of(self, what: str, party: str) -> str:
        """Return the key of something that a party has one of."""
        return f"{self.prefix}{what}:{party}"

    def body(self, sha256: str) -> str:
        """Return the key of a statement's bytes."""
        return f"{self.prefix}body:{sha256}"

    def once(self, party: str, jti: str) -> str:
        """Return the key of what a statement was admitted as."""
        return f"{self.prefix}once:{party}:{jti}"

    def evidence(self, sha256: str) -> str:
        """Return the key of another statement that came under a revision already taken."""
        return f"{self.prefix}evidence:{sha256}"

    def terms_of(self, sha256: str) -> str:
        """Return the key of an agreement's bytes."""
        return f"{self.terms}:{sha256}"

    def proof(self, party: str, jti: str) -> str:
        """Return the key of a request proof that was used."""
        return f"{self.prefix}proof:{party}:{jti}"
