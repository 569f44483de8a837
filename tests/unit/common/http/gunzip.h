// Signpost. Apache-2.0; see LICENSE.
// The other half of the server's gzip, for the tests.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace signpost::test {

// What `gzip` (RFC 1952, one whole member and nothing after it) unpacks to; a failed test otherwise.
inline std::string Gunzip(std::string gzip) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    char piece[65536];
    stream.next_out = reinterpret_cast<Bytef*>(piece);
    stream.avail_out = sizeof piece;
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, sizeof piece - stream.avail_out);
  }
  EXPECT_EQ(result, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  inflateEnd(&stream);
  return out;
}

}  // namespace signpost::test
