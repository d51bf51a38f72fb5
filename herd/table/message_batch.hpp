#pragma once

#include "herd/table/line_batch.hpp"
#include "protocol/peer_message.hpp"

namespace herd::table {

// Lines as servers say them to each other, and as a journal has them.
using MessageBatch = LineBatch<protocol::PeerMessage, protocol::parse_peer_message>;

}  // namespace herd::table
