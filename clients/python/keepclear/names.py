"""The names that ``keepclear`` gives to those who build on it: all that a program needs stands here, typed.

Instants are microseconds since 1970 UTC; heights and distances are metres, and their names say so.
"""

from keepclear_protocol.acknowledgement import Acknowledgement
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import (
    CODES,
    Code,
    EvidenceInvalid,
    Forbidden,
    KeepclearError,
    LocalError,
    Malformed,
    NotAuthentic,
    OutOfStep,
    OverBudget,
    Refused,
    StalePicture,
    Unavailable,
)
from keepclear_protocol.filing import Content, Unfit
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.keys import PrivateKey, PublicKey
from keepclear_protocol.limits import Fault
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.separation import Severity
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import (
    Circle,
    Corridor,
    Outline,
    Polygon,
    Position,
    Reference,
    Volume,
    circle_json,
    corridor_json,
    parse_volume,
    polygon_json,
    volume4d_json,
)

from .agreements import load_agreement
from .desk.acknowledging import Acknowledged, Stage, Unanswered
from .desk.answered import Answers
from .desk.batch import FilingOutcome, FilingResult, Intent, VolumesJson
from .desk.blocking import Desk
from .desk.desk import AsyncDesk
from .desk.events import (
    AcknowledgementEvent,
    AlertEvent,
    BudgetEvent,
    Event,
    GapEvent,
    LinkEvent,
    NoticeEvent,
    ProblemEvent,
    TermsEvent,
)
from .desk.filed import Filed
from .desk.filer import Details
from .desk.happening import Happening, Revealed, Signature
from .desk.incident import Incident
from .desk.link import Link
from .desk.notices import NoticeRecord
from .desk.picture import Picture
from .desk.probing import Probing
from .desk.record import ConflictRecord, PairRecord, VersionRecord
from .desk.settling import NotSent
from .desk.then import Then
from .desk.views import ConflictView, NoticeView
from .desk.whatif import Meeting, WhatIf
from .journal.kept import KeptAcknowledgement, OverNow, OwnStatement, Summary
from .journal.pictured import Heights
from .keystore import load_private_key, save_private_key
from .offline.inputs import Flight, Margins, Options, load
from .offline.inputs.flight import Altitude
from .transport.blocking import Client
from .transport.client import AsyncClient, ClientOptions
from .transport.faults import NeverSent
from .transport.tls import Tls
from .verify.anew import Checked, Signer
from .verify.verdicts import Standing
from .wire.answers import AlertObject

__all__ = [
    "CODES",
    "Acknowledged",
    "Acknowledgement",
    "AcknowledgementEvent",
    "Agreement",
    "Alert",
    "AlertEvent",
    "AlertObject",
    "Altitude",
    "Answers",
    "AsyncClient",
    "AsyncDesk",
    "BudgetEvent",
    "Checked",
    "Circle",
    "Client",
    "ClientOptions",
    "Code",
    "ConflictRecord",
    "ConflictView",
    "Content",
    "Corridor",
    "Desk",
    "Details",
    "Event",
    "EvidenceInvalid",
    "Fault",
    "Filed",
    "FilingOutcome",
    "FilingResult",
    "Flight",
    "Forbidden",
    "GapEvent",
    "Happening",
    "Heights",
    "Incident",
    "Intent",
    "KeepclearError",
    "KeptAcknowledgement",
    "Link",
    "LinkEvent",
    "LocalError",
    "Malformed",
    "Margins",
    "Meeting",
    "NeverSent",
    "NotAuthentic",
    "NotSent",
    "NoticeEvent",
    "NoticeRecord",
    "NoticeView",
    "Options",
    "OutOfStep",
    "Outline",
    "OverBudget",
    "OverNow",
    "OwnStatement",
    "PairRecord",
    "Picture",
    "Polygon",
    "Position",
    "PrivateKey",
    "Probing",
    "ProblemEvent",
    "PublicKey",
    "Receipt",
    "Reference",
    "Refused",
    "Revealed",
    "Severity",
    "Signature",
    "Signer",
    "Stage",
    "StalePicture",
    "Standing",
    "Summary",
    "TermsEvent",
    "Then",
    "Tls",
    "Unanswered",
    "Unavailable",
    "Unfit",
    "VersionRecord",
    "Volume",
    "VolumesJson",
    "WhatIf",
    "circle_json",
    "corridor_json",
    "format_instant",
    "load",
    "load_agreement",
    "load_private_key",
    "parse_instant",
    "parse_volume",
    "polygon_json",
    "save_private_key",
    "speakable",
    "volume4d_json",
]
