"""`nb2prod completion`: what a shell has to load so that Tab knows our commands and options."""

import click

from nb2prod.cli.session import global_options


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@global_options
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(nb2prod completion bash)"     in ~/.bashrc
    zsh:   eval "$(nb2prod completion zsh)"      in ~/.zshrc
    fish:  nb2prod completion fish > ~/.config/fish/completions/nb2prod.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # a choice above
    click.echo(kind(context.find_root().command, {}, "nb2prod", "_NB2PROD_COMPLETE").source())
