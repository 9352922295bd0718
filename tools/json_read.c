/*
 * json_read.c - one object of JSON, read by the jansson library when the tools
 * were built with it.
 */
#include "json.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdio.h>

/* A struct json_object is jansson's own value and never complete. */
static json_t *
value_of(struct json_object *object)
{
	return (json_t *)(void *)object;
}

bool
json_can_read(void)
{
	return true;
}

const char *
json_parse(const char *text, size_t size, struct json_object **object)
{
	static char reason[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;
	json_t *parsed = json_loadb(text, size,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	*object = (struct json_object *)(void *)parsed;
	if (parsed == NULL) {
		snprintf(reason, sizeof reason, "%s", error.text);
		return reason;
	}
	if (json_is_object(parsed))
		return NULL;
	json_free(*object);
	*object = NULL;
	return "no object";
}

void
json_free(struct json_object *object)
{
	json_decref(value_of(object));
}

bool
json_member(struct json_object *object, const char *name, struct word *w)
{
	json_t *value = json_object_get(value_of(object), name);

	if (!json_is_string(value))
		return false;
	/* Owned by the object, which nobody else has. */
	*w = (struct word){ (char *)(uintptr_t)json_string_value(value),
		json_string_length(value) };
	return true;
}

bool
json_count(struct json_object *object, const char *name, char *text,
    size_t size)
{
	json_t *value = json_object_get(value_of(object), name);

	if (!json_is_integer(value))
		return false;
	snprintf(text, size, "%" JSON_INTEGER_FORMAT,
	    json_integer_value(value));
	return true;
}

#else

bool
json_can_read(void)
{
	return false;
}

const char *
json_parse(const char *text, size_t size, struct json_object **object)
{
	(void)text;
	(void)size;
	*object = NULL;
	return "built without jansson";
}

void
json_free(struct json_object *object)
{
	(void)object;
}

bool
json_member(struct json_object *object, const char *name, struct word *w)
{
	(void)object;
	(void)name;
	*w = (struct word){ 0 };
	return false;
}

bool
json_count(struct json_object *object, const char *name, char *text,
    size_t size)
{
	(void)object;
	(void)name;
	(void)text;
	(void)size;
	return false;
}

#endif
