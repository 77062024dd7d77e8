"""Who the phone reports for, as it is told."""

from recovery import access
from recovery.api.documents import EpisodeDocument, Holder, PatientDocument
from recovery.models import DeviceToken, Episode, Patient


def patient_document(patient: Patient) -> PatientDocument:
    return PatientDocument(first_name=patient.name.split()[0] if patient.name.split() else "")


def holder_document(device: DeviceToken) -> Holder | None:
    holder = access.holder(device)
    return Holder(id=holder.uuid, name=holder.name, scope=holder.scope) if holder else None


def episode_document(episode: Episode) -> EpisodeDocument:
    return EpisodeDocument(
        id=episode.uuid,
        procedure=episode.procedure,
        procedure_at=episode.procedure_at,
        time_estimated=episode.time_estimated,
        time_zone=episode.time_zone,
        status=episode.status,
        protocol=episode.protocol,
    )
