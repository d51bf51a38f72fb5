// What a client shows of tokens, where access is limited.
#include "herd/clients/admissions.hpp"
#include "herd/clients/session.hpp"
#include "reactor/sys.hpp"

#include <cassert>
#include <cstring>
#include <span>

namespace herd::clients {

void Session::authenticate(const Line& line, const protocol::Auth& auth) {
    assert(!waits());
    Admissions* const admissions = host_.admissions;
    if (admissions == nullptr) return invalid(line.text);
    const auto from = reactor::sys::peer_address(stream_.socket().fd());
    // Nothing was tried, and so nothing is learned of the token.
    if (!stream_.sealed() && !admissions->listens_to(from)) return invalid(line.text);
    const access::Grant* const grant = admissions->admit(*this, auth, from, received_s());
    if (grant == nullptr) {
        const bool kept = admissions->refuse_later(*this, line.text);
        return kept ? stream_.pause() : stream_.abort(reactor::Closed::no_blocks);
    }
    ++host_.core.counters.auth;
    proven_ = true;
    if (follows()) host_.following->start_over(host_.slot_of(*this));
    const protocol::AuthAnswer answer{.server = host_.core.name,
                                      .pattern = grant->pattern.text(),
                                      .rights = access::to_text(grant->rights),
                                      .until_s = grant->until_s};
    const std::span<char> out = stream_.reserve(protocol::auth_answer_size(answer) + 1);
    const std::size_t size = protocol::format(out, answer).size();
    out[size] = '\n';
    sent(size + 1, out.data());
}

bool Session::allowed(std::string_view client, access::Right right) const {
    assert(host_.admissions != nullptr);
    return host_.admissions->allows(*this, client, right, received_s());
}

bool Session::refusing() const {
    return host_.admissions != nullptr && host_.admissions->is_refusing(*this);
}

void Session::on_refused(Admission& admission) {
    assert(!waits());
    assert(!stream_.listens());
    reactor::BlockPool& blocks = host_.core.wire.blocks();
    const std::size_t size = admission.refused.size(blocks);
    assert(size > 0);
    const std::span<char> out = stream_.reserve(size + 3);
    out[0] = '?';
    out[1] = ' ';
    admission.refused.copy_to(blocks, &out[2]);
    out[size + 2] = '\n';
    admission.refused.clear(blocks);
    ++host_.core.counters.invalid;
    sent(size + 3, out.data());
    if (admission.wrong < Admissions::wrong_max) return answered_late();
    ++host_.core.counters.guessers_closed;
    stream_.finish();
}

}  // namespace herd::clients
