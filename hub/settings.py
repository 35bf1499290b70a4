"""Every setting of the hub, from the environment (HUB_…), each with its sentence; `hub doctor` prints them."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hub.errors import Code, Refused


class Settings(BaseSettings):
    """What may be set from outside."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore", frozen=True)

    data: Path = Field(Path(".hub"), description="Folder for the embedded PostgreSQL, keys and the demo.")
    database_url: SecretStr | None = Field(
        None, description="postgresql://user@host:5432/name; without it an embedded PostgreSQL is started."
    )
    read_database_url: SecretStr | None = Field(
        None, description="A read replica for the graph's reads; without it they go to HUB_DATABASE_URL."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str | None = Field(None, description="How links in messages begin; without it http://host:port.")
    development: bool | None = Field(
        None,
        description="Whether GraphiQL and suggestions in errors are offered; without it by hub up, not by hub serve.",
    )
    secret_keys: SecretStr | None = Field(
        None,
        description="Keys that encrypt registry credentials: id:base64 pairs, separated by commas, the first one in"
        " use; without it a key is kept in the data folder.",
    )
    readers: int = Field(10, ge=1, le=200, description="Connections for reads, in each process.")
    writers: int = Field(10, ge=1, le=200, description="Connections for writes, in each process.")
    log: Literal["json", "console"] = Field("json", description="How log lines look.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="The least that is logged.")
    tick_s: float = Field(5.0, gt=0, le=3600, description="Seconds between two looks at what is due.")
    check_every_h: float = Field(
        24.0, gt=0, le=8_760, description="Hours after which versions in use are asked about again."
    )
    mlflow_python: Path | None = Field(
        None, description="The Python that has MLflow, for the demo; without it the demo finds or makes one."
    )


@cache
def settings() -> Settings:
    """The settings of this process, read once. Refuses a wrong one by name."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "HUB_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Refused(Code.SETTING, f"{name}: {first['msg']}", field=name) from None
