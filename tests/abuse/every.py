"""All attacks, in the order in which they are told."""

from .attack import Attack
from .clock import ClockStep
from .costly import ForeignKey, LoudProbe, OneNotice, RefusedLate, TimeTells
from .crowd import Crowd
from .doors import AtTheProxy, AtTheService
from .flood import AlarmFlood, BlindTheDesk, Decoys, FillTheStore, OverItsBudget, PastFlood
from .halted import FullDisk, FullMemory, StoppedWorker, UnstorableCommit
from .readers import FrozenStreams, IdleStreams, KeepAlivePhase, LoopingReaders
from .small import CutLog, Images, Modes, OddSignature, Pipes, SecretsInTheEnvironment
from .stored import Erased, PutBack
from .together import AllAtOnce

EVERY: tuple[type[Attack], ...] = (
    FillTheStore,
    AlarmFlood,
    OverItsBudget,
    PastFlood,
    BlindTheDesk,
    Decoys,
    Crowd,
    OneNotice,
    TimeTells,
    ClockStep,
    LoudProbe,
    RefusedLate,
    ForeignKey,
    AtTheService,
    AtTheProxy,
    IdleStreams,
    FrozenStreams,
    PutBack,
    Erased,
    UnstorableCommit,
    FullMemory,
    FullDisk,
    KeepAlivePhase,
    LoopingReaders,
    StoppedWorker,
    OddSignature,
    Pipes,
    Modes,
    SecretsInTheEnvironment,
    CutLog,
    Images,
    AllAtOnce,
)
