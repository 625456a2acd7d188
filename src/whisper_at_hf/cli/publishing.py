"""The command `whisper-at export-hub`."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, first_line
from ..publishing import export_hub as export_folder
from ..publishing import upload
from .options import Model, Quiet, given_path, path_option
from .support import calm_transformers, print_written, say

publishing_app = typer.Typer()


@publishing_app.command(
    "export-hub",
    epilog="[bold]Examples[/bold]\n\n"
    "whisper-at export-hub whisper-at-tiny.en\n\n"
    "whisper-at export-hub folder --model my-model --head-card my-head --repo-id owner/my-model --push\n\n"
    "whisper-at export-hub head-folder --model my-model --head birds\n\n"
    "whisper-at export-hub head-folder --model my-head --license cc-by-4.0",
)
def export_hub(
    output: Annotated[Path, typer.Argument(parser=given_path, metavar="OUTPUT", help="The folder to make.")],
    model: Model = None,
    repo_id: Annotated[
        str | None, typer.Option(help="The id that it is going to have, owner/name; for the card's examples.")
    ] = None,
    head: Annotated[str | None, typer.Option(help="Export this head of the model alone.")] = None,
    head_only: Annotated[bool, typer.Option("--head-only", help="Export the default head alone.")] = False,
    head_card: Annotated[
        Path | None, path_option("The head's own card or its folder; what it says goes into the new card.")
    ] = None,
    base_model: Annotated[
        str | None, typer.Option(help="Hub id of the Whisper that it is made of, for the card.")
    ] = None,
    license: Annotated[
        str | None, typer.Option(help="The licence's identifier on the hub, such as apache-2.0; for the card.")
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Upload the folder to --repo-id as well.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository, if there is none, a private one.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing model folder.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a folder to upload to the Hugging Face Hub: weights, code for those without this package, and a card."""
    calm_transformers(quiet)
    if push and repo_id is None:
        raise InputError("--push needs --repo-id: name the repository to upload to, such as owner/my-model.")
    if private and not push:
        raise InputError("--private is of the repository that --push makes; add --push, or leave it out.")
    if license == "":
        raise InputError("--license is empty; give the licence's identifier, such as apache-2.0, or leave it out.")
    made = export_folder(
        output,
        model,
        repo_id=repo_id,
        head=head,
        head_only=head_only,
        head_card=head_card,
        base_model=base_model,
        license=license,
        overwrite=overwrite,
    )
    if not quiet:
        print_written(made)
    if push:
        try:
            commit = upload(made, repo_id, private or None)
        except Exception as error:  # of the hub's HTTP client, which has changed between its versions
            raise InputError(
                f"{made} could not be uploaded to {repo_id} ({first_line(error)}); "
                f"log in with hf auth login, or run hf upload {repo_id} {made}."
            ) from error
        if not quiet:
            say(f"Uploaded to {commit.commit_url}")
