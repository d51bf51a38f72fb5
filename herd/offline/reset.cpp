#include "herd/offline/reset.hpp"

#include <sys/socket.h>

namespace herd::offline {

// The one system call of the house that is not in reactor's sys: no product connection wants it.
// Should it fail, the connection ends in order, which a client has to survive too.
void reset_on_close(int fd) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace herd::offline
