/* Give each cell of an admin list the name of its column: on a phone, where a row is a card, it stands before it. */
for (const table of document.querySelectorAll("#result_list")) {
  const names = [...table.tHead.rows[0].cells].map((head) => head.querySelector(".text")?.textContent.trim() ?? "");
  for (const row of table.tBodies[0].rows) {
    for (const cell of row.cells) cell.dataset.column = names[cell.cellIndex];
  }
}
