#pragma once

#include "reactor/delegate.hpp"
#include "reactor/loop.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"
#include "reactor/sys.hpp"

namespace reactor {

// A thread for what waits for the disk, as seen from the loop: errands are asked, and `done` is
// told of each that has an answer, in the order asked. Pinned. When this dies, what was asked is
// still done, and nobody is told.
class Helper {
public:
    Helper(Loop& loop, Delegate<void(const sys::Errand&)> done) : loop_(loop), done_(done) {}

    // Once, first.
    Result<void> open();
    // A few at a time: there is room for some dozens.
    void ask(const sys::Errand& errand);
    // Waits for an errand to be done and tells of it, for an owner that ends; false when none was.
    bool await(Duration patience);

private:
    void on_ready(Ready ready);

    Loop& loop_;
    Delegate<void(const sys::Errand&)> done_;
    Socket descriptor_;
    Watch watch_;
};

}  // namespace reactor
