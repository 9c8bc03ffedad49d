"""One cross for each fault: findings that lose points by what another finding tells, or tell it once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.task import Finding

_ALWAYS: tuple[str, ...] = ()
# With these, `fit` is not called, or stops.
_NO_NUMBER = (
    "training.no_batch",
    "training.batch_not_whole",
    "training.batch_empty",
    "training.no_epochs",
    "training.epochs_not_whole",
    "training.epochs_none",
)

# What is said where the fault lies elsewhere, and the keys of that fault; without keys it always does.
_FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "normalise_images.no_shape_right": ("normalise_images.shape_lost",),
    "normalise_images.where_shape_right": _ALWAYS,
    "normalise_images.whole_numbers": ("pixels.whole_division",),
    "one_hot.shape_first": _ALWAYS,
    "one_hot.where_shape_right": _ALWAYS,
    "one_hot.binary_after_places": _ALWAYS,
    "one_hot.shape_after_places": _ALWAYS,
    "one_hot.not_binary": (
        "one_hot.still_labels",
        "one_hot.all_zero",
        "one_hot.gaps",
        "one_hot.other_numbers",
        "one_hot.not_one_each",
    ),
    "nets.without_convolutions": _ALWAYS,
    "nets.needs_room": ("nets.conv_arguments", "nets.kernel"),
    "nets.no_row": ("nets.output_units", "nets.other_end", "nets.no_hidden"),
    "net_2.no_stride": ("net_2.stride_too_early",),
    "training.choose_first": _ALWAYS,
    "training.batch_small": ("training.swapped",),
    "training.look_before": _NO_NUMBER,
    "cifar_model.nothing_to_compile": _ALWAYS,
    "cifar_training.nothing_trained": _ALWAYS,
    "cifar_training.no_training": _ALWAYS,
    "cifar_training.nothing_learned": ("cifar_training.stopped_early",),
    "cifar_training.curve_missing": ("cifar_training.no_validation",),
    "cifar_training.no_predictions": ("training.no_net",),
}


def lost(finding: Finding) -> bool:
    """Whether a finding has not all its points."""
    return finding.points < finding.out_of


def is_consequence(finding: Finding, findings: Sequence[Finding]) -> bool:
    """Whether nothing but what another finding tells took points from this one."""
    if not (lost(finding) and finding.keys):
        return False
    told = {key for other in findings if other is not finding and lost(other) for key in other.keys}
    return all(
        key in _FOLLOWS and (not _FOLLOWS[key] or bool(told & set(_FOLLOWS[key]))) for key in finding.keys
    )


def told_before(finding: Finding, findings: Sequence[Finding]) -> Finding | None:
    """The first of the findings before this one that lost points by the same fault; None if it is new."""
    if not finding.said or not lost(finding):
        return None
    before = findings[: findings.index(finding)]
    return next((other for other in before if lost(other) and _same_fault(other, finding)), None)


def _same_fault(one: Finding, other: Finding) -> bool:
    """Whether two findings say the same; of two arrays of the notebook, in their names and sizes apart."""
    arrays = not any("." in finding.what for finding in (one, other))
    return one.keys == other.keys if arrays else one.said == other.said
