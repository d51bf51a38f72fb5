#pragma once

#include "herd/gps/line_link.hpp"
#include "reactor/address.hpp"
#include "reactor/delegate.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd::gps {

// Says reports to one server, each until it is answered, on a connection that is made when there is
// something to say, and made again. While the server is away or slow the newest report takes the
// place of older ones: only one waits.
//
//   away --opened--> introducing, with a token --its answer--> ready --a report--> asking --+
//    ^                                                           ^--------its answer-------+
//    +--- the connection ends, and what was not answered is said again, unless there is newer
//
// A token that is refused, or a report though there is a token, ends the connection: the next one
// begins with what the token's file says by then. Pinned; wire, sealing, and whoever is asked,
// outlive it.
class Reporter {
public:
    static constexpr reactor::Duration answer_time = std::chrono::seconds(10);
    // That it does: the same whether or not it is connected to meanwhile.
    static constexpr std::string_view refuses = "it refuses a report";

    // The line that shows the token, or nothing where there is none. Returns why it cannot be shown
    // now; empty: it can.
    using Introduce = reactor::Delegate<std::string(std::string& line)>;

    Reporter(reactor::Wire& wire,
             const reactor::Address& server,
             const LineLink::Sealing& sealing,
             Introduce introduce);

    void report(std::string_view line);

    // Says what it has to say yet, and then leaves; true: it has left. To be asked until then.
    bool leave();

    // Why a report waits for the server; empty: none does, as far as is known.
    std::string_view trouble() const { return link_.idle() ? std::string_view() : link_.trouble(); }
    // What has become of the latest report that the server has answered, since it was connected to.
    enum class Verdict : std::uint8_t { none, taken, refused };
    Verdict verdict() const { return verdict_; }
    std::uint64_t taken() const { return taken_; }
    std::uint64_t refused() const { return refused_; }
    // Reports that newer ones have taken the place of.
    std::uint64_t skipped() const { return skipped_; }

private:
    enum class Stage : std::uint8_t { away, introducing, ready, asking };

    void on_opened();
    void on_line(std::string_view line);
    void on_lost();
    void on_late();
    void introduce();
    void go();

    LineLink link_;
    Introduce introduce_;
    reactor::Timer late_;
    Stage stage_ = Stage::away;
    std::string newest_;  // To be said; empty: nothing is.
    std::string asked_;   // While asking.
    bool introduced_ = false;
    bool leaving_ = false;
    Verdict verdict_ = Verdict::none;
    std::uint64_t taken_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t skipped_ = 0;
};

}  // namespace herd::gps
