"""A setting: who the parties are, who mediates between them, and what they have agreed. Data, without keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.agreement import LeadClasses, Limits, Party, Service, draft_payload
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.separation import WORLDWIDE, Minima, Uncertainty
from keepclear_protocol.volume import Outline


@dataclass(frozen=True, slots=True)
class Setting:
    """``parties`` are names by language, by the party's id; ``mediator`` is who runs the service, in one word.

    ``watchers`` are the parties that have a second key, which may watch and nothing else. ``address`` is where the
    service is known to listen, if that is known before it is started.
    """

    name: str
    parties: Mapping[str, Mapping[str, str]]
    mediator: str
    categories: Mapping[str, Minima]
    limits: Limits
    area: Outline | None = None
    uncertainty: Uncertainty = WORLDWIDE
    lead: LeadClasses = field(default_factory=LeadClasses)
    watchers: Sequence[str] = ()
    address: str = ""

    @property
    def origin(self) -> str:
        """Where the service says it is. No such machine, else: desks are told with ``connect_to`` where it listens."""
        return self.address or f"http://{self.mediator}.demo"

    def payload(self, parties: Sequence[Party], service: Service, budgets: Budgets | None = None) -> bytes:
        """Return the payload of the agreement between ``parties``, who bring their keys, on the line of ``service``."""
        return draft_payload(
            name=self.name,
            parties=parties,
            service=service,
            categories=self.categories,
            area=self.area,
            uncertainty=self.uncertainty,
            lead=self.lead,
            limits=self.limits,
            budgets=budgets,
        )
