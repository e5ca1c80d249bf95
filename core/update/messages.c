/*
 * messages.c - messages.h: two tables.
 */
#include "update/messages.h"

/* systemd-id128 new; see packaging/systemd/banger-update.catalog. */
const struct message_row message_rows[MESSAGE_KINDS] = {
	[MESSAGE_BEGUN] = {"8794eb7d78064c86a4eab431f1cf744b", "6"},
	[MESSAGE_AVAILABLE] = {"74be4d9d96cf41fc80b8f6e96c504d60", "6"},
	[MESSAGE_UPDATED] = {"e0683b69a7e647a0b4e52f0e0c58c8ba", "5"},
	[MESSAGE_REFUSED] = {"da4c65621a3042c4a335cb46e1a87465", "4"},
	[MESSAGE_BUSY] = {"3e434ea64db44139adbf5685cc064064", "5"},
	[MESSAGE_FAILED] = {"e24d807d21104b66a9ace1a8537e23bd", "4"},
	[MESSAGE_ROLLED_BACK] = {"1dda387f48394f3d9f7b3ded38d71623", "3"},
	[MESSAGE_INCOMPLETE] = {"7543974d186f4f79b593028a0a4d6447", "2"},
	[MESSAGE_RECOVERED] = {"6de3cb38176e4515a00bcfdd24d02744", "4"},
	[MESSAGE_BARRED] = {"e364a912f93f4622be152464780b319e", "2"},
};

static const struct {
	enum result result;
	enum message_kind kind;
} endings[] = {
	{RESULT_UPDATED, MESSAGE_UPDATED},
	{RESULT_AVAILABLE, MESSAGE_AVAILABLE},
	{RESULT_REFUSED, MESSAGE_REFUSED},
	{RESULT_BUSY, MESSAGE_BUSY},
	{RESULT_ERROR, MESSAGE_FAILED},
	{RESULT_ROLLED_BACK, MESSAGE_ROLLED_BACK},
	{RESULT_ROLLBACK_INCOMPLETE, MESSAGE_INCOMPLETE},
};

void message_fill(const struct message *message, struct journald_field fields[MESSAGE_FIELDS])
{
	const struct message_row *row = &message_rows[message->kind];
	const struct journald_field all[MESSAGE_FIELDS] = {
		{"MESSAGE", message->text},           {"MESSAGE_ID", row->id},
		{"PRIORITY", row->priority},          {"SYSLOG_IDENTIFIER", "banger-update"},
		{"BANGER_PRODUCT", message->product}, {"BANGER_RUN", message->run},
		{"BANGER_FROM", message->from},       {"BANGER_TO", message->to},
		{"BANGER_PHASE", message->phase},     {"BANGER_UNIT", message->unit},
		{"BANGER_VERDICT", message->verdict},
	};

	for (size_t i = 0; i < MESSAGE_FIELDS; i++) {
		fields[i] = all[i];
	}
}

void message_send(const struct message *message)
{
	struct journald_field fields[MESSAGE_FIELDS];

	message_fill(message, fields);
	journald_send(fields, MESSAGE_FIELDS);
}

bool message_of_result(enum result result, enum message_kind *ret)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (endings[i].result == result) {
			*ret = endings[i].kind;
			return true;
		}
	}
	return false;
}
