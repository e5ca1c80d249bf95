/*
 * transfer.h - one document over http or https, with libcurl, told to the updater as it comes.
 */
#ifndef RELEASE_FETCH_TRANSFER_H
#define RELEASE_FETCH_TRANSFER_H

#include "base/buffer.h"
#include "base/error.h"
#include "release/fetch/request.h"

/*
 * Fetches request->url and writes its header and data frames to reply. ca: certificates to trust
 * instead of the system's, NULL: the system's. The errors are those of reply_reasons[]; what is
 * none of them the updater takes for -EIO.
 */
MUST_CHECK int transfer_run(const struct fetch_request *request, const struct buffer *ca, int reply,
			    struct error *err);

#endif
