"""What a look at a page would find wrong, as functions that a page evaluates: each returns what it has found."""

COLUMNS = """() => {
    const bad = [];
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 1) bad.push(`the page is ${wide} px too wide`);
    for (const column of document.querySelectorAll('.header, .side, .strip, dialog[open]')) {
        const room = column.getBoundingClientRect();
        if (column.scrollWidth > column.clientWidth + 1) bad.push(`${column.className} scrolls sideways`);
        for (const one of column.querySelectorAll('*')) {
            const cut = getComputedStyle(one.parentElement).overflowX === 'hidden' && one.parentElement !== column;
            if (cut || !one.checkVisibility() || one.closest('.visually-hidden, svg')) continue;
            const box = one.getBoundingClientRect();
            if (box.width > 0 && (box.left < room.left - 1 || box.right > room.right + 1))
                bad.push(`${column.className}: ${one.outerHTML.slice(0, 100)}`);
        }
    }
    return bad;
}"""
"""What stands out of its column."""

MADE = """() => [...document.querySelectorAll('img, iframe, object, embed, a[href], head script:nth-of-type(n + 3), '
        + 'body script, style, base, form[action]')]
    .map((one) => one.outerHTML.slice(0, 100))
    .filter((one) => !/^<form [^>]*action="\\/search"/.test(one))"""
"""Elements that no module of ours makes."""

TURNED = """() => [...document.querySelectorAll('bdi[dir=ltr], .figure')].filter((one) => {
    if (!one.checkVisibility() || one.closest('.foreign')) return false;
    const text = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
    const drawn = text === null ? [] : [...text.data].map((_, at) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect();
    }).filter((box) => box.width > 0);
    return drawn.some((box, at) => at > 0 && box.top === drawn[at - 1].top && box.left < drawn[at - 1].left);
}).map((one) => one.outerHTML)"""
"""Our own numbers that are not drawn from left to right."""

TEXT = """() => {
    const bad = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
        const turned = /[\\u202a-\\u202e\\u200b-\\u200f\\u061c\\u2028\\u2029\\ufeff]/.test(node.data);
        if (turned) bad.push(`turned: ${node.data}`);
        if (/\\p{M}{6}/u.test(node.data)) bad.push(`stacked: ${node.data}`);
        const opened = node.data.match(/[\\u2066-\\u2068]/g)?.length ?? 0;
        if (opened !== (node.data.match(/\\u2069/g)?.length ?? 0)) bad.push(`not isolated: ${node.data}`);
    }
    return bad;
}"""
"""Texts that steer what stands beside them."""
