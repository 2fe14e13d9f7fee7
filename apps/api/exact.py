"""Fields of a JSON body: each takes its own JSON type and no other."""

from typing import Any, ClassVar, NoReturn

from rest_framework import serializers

from apps.api.fields import describe


class ExactField(serializers.Field[Any, Any, Any, Any]):
    """Base: `schema` is how OpenAPI describes it."""

    schema: ClassVar[dict[str, Any]]

    def __init__(self, *, help_text: str, required: bool = True, **schema: Any) -> None:
        super().__init__(help_text=help_text, required=required)
        describe(self, {**self.schema, **schema})

    def refuse(self) -> NoReturn:
        self.fail("mistyped")

    def to_representation(self, value: Any) -> Any:
        return value


class StringField(ExactField):
    schema: ClassVar[dict[str, Any]] = {"type": "string"}
    default_error_messages = {"mistyped": "Give a string."}

    def to_internal_value(self, data: Any) -> str:
        return data if isinstance(data, str) else self.refuse()


class StringsField(ExactField):
    schema: ClassVar[dict[str, Any]] = {"type": "array", "items": {"type": "string"}}
    default_error_messages = {"mistyped": "Give a list of strings."}

    def to_internal_value(self, data: Any) -> list[str]:
        return data if isinstance(data, list) and all(isinstance(each, str) for each in data) else self.refuse()


class FlagField(ExactField):
    schema: ClassVar[dict[str, Any]] = {"type": "boolean"}
    default_error_messages = {"mistyped": "Give true or false."}

    def to_internal_value(self, data: Any) -> bool:
        return data if isinstance(data, bool) else self.refuse()
