#pragma once

#include "bench/commands.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"
#include "reactor/connector.hpp"
#include "reactor/stream.hpp"
#include "reactor/timer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bench {

// Asks one server, again and again, whether all others have all that it has: says a report of
// client 0 and SYNC, or Redis' WAIT, behind it. Plain connections only.
class RollCall final : public reactor::StreamEvents {
public:
    // Throws CannotMeasure when this target's servers cannot be asked.
    RollCall(Session& session, const Target& target, std::size_t server);

    // Whether that comes true in time; or that it is not so.
    bool await_all(reactor::Duration timeout) { return await(true, timeout); }
    bool await_lack(reactor::Duration timeout) { return await(false, timeout); }

    // Of an answer to that question: whether it says that `others` have everything.
    static bool says_all(std::string_view answer, std::size_t others);

private:
    bool await(bool all, reactor::Duration timeout);
    void ask();
    void on_connected(reactor::Socket socket);
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_closed(reactor::Closed why) override;

    Session& session_;
    const Commands reports_;
    const std::string_view question_;
    const std::size_t others_;
    reactor::Connector connector_;
    reactor::Timer pause_;
    std::optional<reactor::Stream> stream_;
    bool asks_ = false;        // Or will ask no further.
    std::optional<bool> all_;  // As the latest answer has it; nothing: none has come.
    std::uint32_t lines_ = 0;  // Of the answers to what was said last.
};

}  // namespace bench
