#pragma once

namespace herd::offline {

// Makes closing the socket reset the connection, instead of ending it in order.
void reset_on_close(int fd);

}  // namespace herd::offline
