"""What the notebook's environment has: pinned requirements, their wheels, and the project's own environment."""

from nb2prod.environment.cache import cache_folder
from nb2prod.environment.requirements import requirements_text, resolve
from nb2prod.environment.runtime import build_runtime_wheel, option_requirements
from nb2prod.environment.virtual import create_environment
from nb2prod.environment.wheels import wheels_folder

__all__ = [
    "build_runtime_wheel",
    "cache_folder",
    "create_environment",
    "option_requirements",
    "requirements_text",
    "resolve",
    "wheels_folder",
]
