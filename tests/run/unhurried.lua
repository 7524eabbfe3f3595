-- SPDX-License-Identifier: BSD-2-Clause
-- wrk waits so many milliseconds before each request. Fifty connections then live some hundred lives a
-- second on any machine, not thirty thousand: all of them can be read before the first TIME-WAIT is over.
function delay()
   return 100
end
