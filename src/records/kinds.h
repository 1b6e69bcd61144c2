/* Every kind of record. A new kind is declared here and listed in kinds.c. */
#ifndef TETHER_RECORDS_KINDS_H
#define TETHER_RECORDS_KINDS_H

#include "records/record.h"

extern struct record_kind record_asset;
extern struct record_kind record_asset_event;
extern struct record_kind record_category;
extern struct record_kind record_employee;
extern struct record_kind record_location;
extern struct record_kind record_space;
extern struct record_kind record_booking;
extern struct record_kind record_event;
extern struct record_kind record_day_pass;
extern struct record_kind record_community_member;

extern struct record_kind record_department;
extern struct record_kind record_contact;
extern struct record_kind record_conversation;
extern struct record_kind record_message;

extern struct record_kind *const record_kinds[];
extern const size_t record_kind_count;

#endif
