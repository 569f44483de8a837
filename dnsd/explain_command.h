// Signpost. Apache-2.0; see LICENSE.
// `dnsd explain NAME [TYPE] [--http ADDR:PORT]`: asks the running dnsd where an answer comes from and prints it.
#pragma once

namespace signpost::dnsd {

// `argv[0]` is the word explain. Returns the program's exit code.
int RunExplain(int argc, char** argv);

}  // namespace signpost::dnsd
