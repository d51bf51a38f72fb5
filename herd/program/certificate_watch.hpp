#pragma once

#include "herd/log.hpp"
#include "herd/sealing.hpp"
#include "reactor/loop.hpp"
#include "reactor/timer.hpp"

namespace herd::program {

// Tells the log until when the server's certificate is good: when it has been read, and in the last
// 30 days once a day. Pinned; all that it is given outlives it.
class CertificateWatch {
public:
    CertificateWatch(reactor::Loop& loop, const Sealer& sealer, Log& log);

    // It has been read, or read anew.
    void start();

private:
    void tell();
    void on_day();

    const Sealer& sealer_;
    Log& log_;
    reactor::Timer day_;
};

}  // namespace herd::program
